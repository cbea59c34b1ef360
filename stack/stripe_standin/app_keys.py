"""What the web application carries from request to request."""

from aiohttp import web

from stack.stripe_standin.deliverer import Deliverer
from stack.stripe_standin.store import Store

STORE = web.AppKey("store", Store)
DELIVERER = web.AppKey("deliverer", Deliverer)
