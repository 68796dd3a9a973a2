"""`python -m mockserver` is the command `dashscope-mock`."""

import sys

from mockserver.cli import main

sys.exit(main())
