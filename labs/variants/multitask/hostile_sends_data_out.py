"""Sends what it finds out by TCP, UDP, a name server and an abstract socket."""

LOSES = {"bland_altman-tests": 1, "bland_altman-check": 2}
REPORTED = "opens a connection"


# %% bland_altman
import socket

for family, kind, address in [
    (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 22)),
    (socket.AF_INET, socket.SOCK_DGRAM, ("8.8.8.8", 53)),
    (socket.AF_UNIX, socket.SOCK_STREAM, "\0outside"),
    (socket.AF_UNIX, socket.SOCK_STREAM, "/run/docker.sock"),
]:
    try:
        connection = socket.socket(family, kind)
        connection.settimeout(1)
        connection.connect(address)
        connection.send(b"answers?")
    except OSError:
        continue
try:
    socket.getaddrinfo("example.org", 80)
except OSError:
    pass


def bland_altman(predicted, actual):
    return {"bias": 0.0, "lower": 0.0, "upper": 0.0}
