"""Reading one parameter of a request, refused in Stripe's words if it is not what it must be."""

from collections.abc import Collection

from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.shapes import Json

INTEGER_LENGTH_MAX = 15
METADATA_KEYS_MAX = 50
METADATA_KEY_LENGTH_MAX = 40
METADATA_VALUE_LENGTH_MAX = 500


def refuse_unknown(params: Json, known: Collection[str]) -> None:
    unknown = [name for name in params if name not in known]
    if unknown:
        noun = "parameter" if len(unknown) == 1 else "parameters"
        raise Refusal(
            f"Received unknown {noun}: {', '.join(unknown)}",
            code="parameter_unknown",
            param=unknown[0],
        )


def text(params: Json, name: str) -> str | None:
    value = params.get(name)
    if value is not None and not isinstance(value, str):
        raise Refusal(f"Invalid string: {value}", param=name)
    return value or None


def needed(params: Json, name: str) -> str:
    value = text(params, name)
    if value is None:
        raise Refusal(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return value


def integer(params: Json, name: str) -> int | None:
    value = text(params, name)
    if value is None:
        return None
    if not value.removeprefix("-").isdecimal() or len(value) > INTEGER_LENGTH_MAX:
        raise Refusal(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
    return int(value)


def flag(params: Json, name: str, *, default: bool = False) -> bool:
    value = text(params, name)
    if value not in {None, "true", "false"}:
        raise Refusal(f"Invalid boolean: {value}", param=name)
    return default if value is None else value == "true"


def choice(params: Json, name: str, choices: Collection[str]) -> str | None:
    value = text(params, name)
    if value is not None and value not in choices:
        raise Refusal(f"Invalid {name}: must be one of {', '.join(choices)}", param=name)
    return value


def texts(params: Json, name: str) -> list[str] | None:
    value = params.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Refusal("Invalid array", param=name)
    return value


def group(params: Json, name: str) -> Json:
    value = params.get(name)
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise Refusal("Invalid object", param=name)
    return value


def metadata(params: Json, current: Json) -> Json:
    """The metadata after the request: an empty value takes its key away, as does `metadata=`."""
    if params.get("metadata") == "":
        return {}
    merged = {**current, **group(params, "metadata")}
    kept = {key: value for key, value in merged.items() if value != ""}
    _check_metadata(kept)
    return kept


def _check_metadata(values: Json) -> None:
    if len(values) > METADATA_KEYS_MAX:
        raise Refusal(f"Metadata can have up to {METADATA_KEYS_MAX} keys", param="metadata")
    for key, value in values.items():
        if len(key) > METADATA_KEY_LENGTH_MAX:
            raise Refusal(
                f"Metadata keys can have up to {METADATA_KEY_LENGTH_MAX} characters, "
                f"but you passed in a key that is {len(key)} characters. Invalid key: {key}",
                param=f"metadata[{key}]",
            )
        if not isinstance(value, str) or len(value) > METADATA_VALUE_LENGTH_MAX:
            raise Refusal(
                f"Metadata values can have up to {METADATA_VALUE_LENGTH_MAX} characters.",
                param=f"metadata[{key}]",
            )
