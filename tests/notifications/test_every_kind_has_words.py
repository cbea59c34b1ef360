import pytest
from django.template.loader import get_template

from notifications.models import Notification


@pytest.mark.parametrize("kind", Notification.Kind.values)
def test_every_kind_has_words(kind):
    assert get_template(f"notifications/kinds/{kind}.html")
