"""`python -m channels.sandbox`."""

import sys

from channels.sandbox.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
