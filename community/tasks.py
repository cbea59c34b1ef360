from celery import shared_task
from django.utils.timezone import now
from django_scopes import scopes_disabled

from community.desk.exporting import make_export
from community.services.answers import forget_old_answers
from community.services.exports import claim_next_export, forget_old_exports

HOURS = 3600


@shared_task
def forget_answers() -> None:
    """Forget what the API answered long ago, at all locations."""
    with scopes_disabled():
        forget_old_answers(at=now())


@shared_task(time_limit=2 * HOURS)
def make_next_export() -> None:
    """Make the file that is next in line, if none is being made."""
    if export := claim_next_export(at=now()):
        make_export(export)


@shared_task
def forget_exports() -> None:
    """Forget the files that were there for a day."""
    forget_old_exports(at=now())
