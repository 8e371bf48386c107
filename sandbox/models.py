"""No table: mail lives in files. The model exists for its permissions."""

from django.db import models


class Mail(models.Model):
    """Stands for the mailbox: `sandbox.view_mail` opens the pages, `sandbox.delete_mail` its buttons to delete."""

    class Meta:
        managed = False
        default_permissions = ("view", "delete")
        verbose_name = "sandbox mail"
        verbose_name_plural = "sandbox mail"

    def __str__(self) -> str:
        return "sandbox mail"
