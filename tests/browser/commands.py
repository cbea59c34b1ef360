"""Management commands beside a running stack, one after the other in one process.

A fresh process takes seconds to import Django, and every test wants a location of its own.
Run as a program this is that process: a command per line in, what it said per line out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

from stack.places import CHECKOUT


class Commands:
    def __init__(self, stack):
        told = Path(stack.environment["DATA"]) / "run" / "environment.json"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.commands"],
            cwd=CHECKOUT,
            env=os.environ | json.loads(told.read_text()),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments):
        """Run a command; what it says on failure fails the test.

        :raises AssertionError: if it failed
        """
        self.process.stdin.write(json.dumps(arguments) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert not answer["failure"], answer["failure"] + answer["said"]

    def run_task(self, name):
        """Run a task now that the beat would send in its time."""
        module, task = name.rsplit(".", 1)
        self.run("shell", "--command", f"from {module} import {task}; {task}()")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def main():
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    # These look for their settings when they are imported.
    import django  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    for line in sys.stdin:
        said, failure = StringIO(), ""
        try:
            call_command(*json.loads(line), stdout=said)
        except Exception as trouble:
            failure = f"{type(trouble).__name__}: {trouble}\n"
        answer = {"failure": failure, "said": said.getvalue()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
