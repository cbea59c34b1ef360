"""Whether a page asks before it does what can't be undone."""


def asks_first(response, address):
    """Each form of the page that posts to the address stands in a dialog; there must be one."""
    *before, _rest = response.content.decode().split(f'action="{address}"')
    read = ["".join(before[: number + 1]) for number in range(len(before))]
    return bool(read) and all(it.count("<dialog") > it.count("</dialog>") for it in read)
