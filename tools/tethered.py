"""Run ministack for as long as whoever started it lives.

Its standard input is a pipe that the starter holds. When the starter ends, however it ends, the
pipe closes and ministack gets the signal on which it saves its state.
"""

import os
import runpy
import signal
import sys
import threading


def _end_with_the_starter() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    sys.argv = ["ministack"]
    runpy.run_module("ministack", run_name="__main__")
