#!/usr/bin/env python
"""Django's command line, with Momentum's settings."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "momentum.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        # One line that names the variable says more than a traceback.
        sys.exit(f"{problem}")
