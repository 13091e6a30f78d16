import os
import sys

sys.exit(0 if (os.environ["NCR_TARGET"], os.environ["NCR_TEAM"]) == ("target", "t1") else 1)
