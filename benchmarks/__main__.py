"""`python -m benchmarks [NAME …]`: measure all figures, or those named."""

import os
import sys
from collections.abc import Callable, Iterator

from benchmarks.figures import Figure
from stack.servers import throwaway_servers


def main() -> int:
    asked = sys.argv[1:]
    with throwaway_servers(durable=True) as told:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", **told}
        measurements = _ready()
        known = {name for names in measurements for name in names}
        if unknown := set(asked) - known:
            print(f"No such figure: {', '.join(sorted(unknown))}. There is: {sorted(known)}")
            return 2
        for names, measure in measurements.items():
            if not asked or set(asked) & set(names):
                for figure in measure():
                    if not asked or figure.figure in asked:
                        print(figure.line(), flush=True)
    return 0


def _ready() -> dict[tuple[str, ...], Callable[[], Iterator[Figure]]]:
    """Tables in the new database, and what can be measured on it."""
    import django  # noqa: PLC0415 - not before the settings know the servers

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", interactive=False, verbosity=0)
    from benchmarks import (  # noqa: PLC0415
        closing,
        desk,
        pages,
        purchases,
        revenue,
        rollup,
        settlements,
        spends,
    )

    return {
        ("purchase_vs_limit", "purchase_cpu_us"): purchases.measure,
        ("settlement_cpu_us",): settlements.measure,
        ("credits_page_ms",): pages.measure,
        ("spend_vs_limit",): spends.measure,
        ("closing_10000_s",): closing.measure,
        ("rollup_cost",): rollup.measure,
        ("revenue_read_ms", "revenue_page_ms"): revenue.measure,
        ("desk_list_ms",): desk.measure,
        ("desk_export_s",): desk.measure_export,
    }


if __name__ == "__main__":
    sys.exit(main())
