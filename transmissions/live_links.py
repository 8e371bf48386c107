"""How many messages have links that are still young enough to be recorded, by the key that sealed them."""

from collections import Counter
from datetime import timedelta

from django.db.models import Sum

from momentum.lib import clock
from tracking import configuration
from transmissions.models import Chunk, Transmission


def by_key() -> Counter[str]:
    """Messages sent within `tracking_link_expiry`, by key id; "" stands for keys that were not noted then."""
    since = clock.now() - timedelta(seconds=configuration.current().tracking_link_expiry)
    kept = Chunk.objects.filter(sent_at__gte=since, transmission__forgotten_at=None, transmission__is_test=False)
    forgotten = Transmission.objects.filter(
        forgotten_at__isnull=False, generation_ended_at__gte=since, is_test=False
    )
    found: Counter[str] = Counter()
    for key, number in (
        kept.values_list("transmission__sealing_key").annotate(number=Sum("num_generated")).order_by()
    ):
        found[key] += number
    for key, number in forgotten.values_list("sealing_key").annotate(number=Sum("num_generated")).order_by():
        found[key] += number
    return +found
