"""What is private in `multiprocessing`."""

import subprocess
import sys

ASK = """
import sys
from multiprocessing import util
from classroom.compat.multiprocessing import keep_sockets_in

keep_sockets_in(sys.argv[1])
print(util.get_temp_dir())
"""


def test_multiprocessing_keeps_its_sockets_where_it_is_told(tmp_path):
    command = [sys.executable, "-c", ASK, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path)
