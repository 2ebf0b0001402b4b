"""When the work of a process began and ended, by the CPU time of its thread.

Only who measures within one process reads it.
"""

import time


marks = []


def mark():
    marks.append(time.thread_time())
