"""Other software, which knows the API by its addresses alone."""

import json

from django.test import Client


class Api:
    """Other software with a key."""

    def __init__(self, token):
        self.client, self.token, self.calls = Client(raise_request_exception=True), token, 0

    def get(self, path, **query):
        return self.client.get(f"/api/v1/{path}", query, headers=self._headers())

    def post(self, path, body, *, key=""):
        self.calls += 1
        return self.client.post(
            f"/api/v1/{path}",
            json.dumps(body),
            content_type="application/json",
            headers=self._headers() | {"Idempotency-Key": key or f"call-{self.calls}"},
        )

    def _headers(self):
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}
