from django.db import transaction

from community.models import User


@transaction.atomic
def choose_theme(*, user: User, theme: User.Theme) -> None:
    user.theme = theme
    user.save(update_fields=["theme"])


@transaction.atomic
def change_profile(*, user: User, name: str, language: str, time_format: str) -> None:
    """Change how a person is called and reads; past documents keep the name they had."""
    user.name, user.language, user.time_format = name, language, time_format
    user.save(update_fields=["name", "language", "time_format"])
