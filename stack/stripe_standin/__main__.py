"""`python -m stack.stripe_standin`: run the stand-in until it is told to stop."""

import argparse
import asyncio
import signal
from pathlib import Path

from aiohttp import web

from stack.stripe_standin.app import make_app

RETRY_SECONDS = [1.0, 5.0, 30.0, 120.0, 600.0, 3600.0]


def main() -> None:
    arguments = _parser().parse_args()
    asyncio.run(
        serve(
            host=arguments.host,
            port=arguments.port,
            store_path=arguments.store,
            retry_seconds=arguments.retry_seconds,
        )
    )


async def serve(*, host: str, port: int, store_path: Path, retry_seconds: list[float]) -> None:
    """Serve until SIGTERM or SIGINT. Port 0 takes any free port; the ready line names it."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: loop.call_soon_threadsafe(stop.set))
    app = make_app(store_path=store_path, retry_seconds=retry_seconds)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    bound = runner.addresses[0]
    print(f"Stripe stand-in ready at http://{bound[0]}:{bound[1]}", flush=True)
    await stop.wait()
    await runner.cleanup()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stack.stripe_standin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--store", type=Path, required=True, help="the SQLite file")
    parser.add_argument(
        "--retry-seconds",
        type=_seconds,
        default=RETRY_SECONDS,
        help="pauses before a webhook is sent again, such as 1,5,30; then it is given up",
    )
    return parser


def _seconds(text: str) -> list[float]:
    return [float(part) for part in text.split(",") if part]


main()
