"""A purchase as another request reads it."""

from membership.models import Purchase


def again(purchase):
    return Purchase.objects.get(pk=purchase.pk)


def state_of(purchase):
    purchase = again(purchase)
    return purchase.state, purchase.charge.state, purchase.charge.failure_code
