"""Refusals in Stripe's error shape."""

from http import HTTPStatus

from stack.stripe_standin.shapes import Json


class Refusal(Exception):
    """The request is answered with an error, and nothing of it remains."""

    def __init__(
        self,
        message: str,
        *,
        status: int = HTTPStatus.BAD_REQUEST,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        details: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.status = int(status)
        self.error: Json = {"message": message, "type": kind}
        if code:
            self.error["code"] = code
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        if param:
            self.error["param"] = param
        self.error |= details or {}


class Declined(Refusal):
    """The bank said no: the request was carried out, so what it left behind stays."""

    def __init__(self, message: str, *, code: str, details: Json) -> None:
        super().__init__(
            message,
            status=HTTPStatus.PAYMENT_REQUIRED,
            kind="card_error",
            code=code,
            details=details,
        )


def no_such(noun: str, id_: str, *, param: str) -> Refusal:
    """An unknown id in the path is 404, one in the parameters is 400, as at Stripe."""
    in_path = param in {"id", "intent"}
    return Refusal(
        f"No such {noun}: '{id_}'",
        status=HTTPStatus.NOT_FOUND if in_path else HTTPStatus.BAD_REQUEST,
        code="resource_missing",
        param=param,
    )


def unexpected_state(message: str, *, intent: Json) -> Refusal:
    kind = intent["object"]
    return Refusal(message, code=f"{kind}_unexpected_state", details={kind: intent})
