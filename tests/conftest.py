"""What all tests stand on."""

import signal

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every
# process that they start; some of them are there to be interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)
