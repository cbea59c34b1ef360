from celery import shared_task
from django.utils.timezone import now
from django_scopes import scopes_disabled

from community.services.answers import forget_old_answers


@shared_task
def forget_answers() -> None:
    """Forget what the API answered long ago, at all locations."""
    with scopes_disabled():
        forget_old_answers(at=now())
