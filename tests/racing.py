"""Rivals: threads with connections and scopes of their own, let go at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection
from django_scopes import scope


def race(location, work):
    """Run each of the functions in a thread of its own and give their answers in order.

    An exception is an answer too: the test says which are allowed.
    """
    start = Barrier(len(work))

    def run(function):
        try:
            connection.ensure_connection()
            start.wait(20)
            with scope(location=location):
                return function()
        except Exception as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def errors(answers):
    return [answer for answer in answers if isinstance(answer, Exception)]
