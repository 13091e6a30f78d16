import os
import socket
import sys

with socket.create_connection((os.environ["NCR_TARGET"], 8080), float(os.environ["NCR_TIMEOUT"])):
    sys.exit(0 if os.environ["NCR_TEAM"] else 1)
