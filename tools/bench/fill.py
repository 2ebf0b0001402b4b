"""Fill the database of a Zope that does not run with ended records.

python fill.py DIRECTORY NUMBER
"""

import os
import sys

from one_process import OneProcess
from one_process import fill


def main(directory, number):
    zope = OneProcess(directory, is_new=False)
    fill(zope, int(number), ended=True)
    import Zope2

    Zope2.DB.close()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
