"""`python -m lmcourse.runner` is the command `lmcourse`."""

from lmcourse.runner import main

main()
