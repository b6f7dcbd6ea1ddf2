"""A TCP connection that says back what it is told: `serve PORT`, or `connect ADDRESS PORT` for lines of stdin. Both end with stdin."""
import socket
import sys
import threading


def echo(connection):
    while data := connection.recv(1024):
        connection.sendall(data)


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=echo, args=(connection,), daemon=True).start()


def serve(port):
    # Both families at one socket, as sshd may have it.
    listener = socket.create_server(("", int(port)), family=socket.AF_INET6, dualstack_ipv6=True)
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    print("listens", flush=True)
    sys.stdin.read()


def connect(address, port):
    connection = socket.create_connection((address, int(port)), timeout=30)
    connection.settimeout(None)
    print("connected", flush=True)
    for line in sys.stdin:
        connection.sendall(line.encode())
        print(connection.recv(1024).decode().strip(), flush=True)


{"serve": serve, "connect": connect}[sys.argv[1]](*sys.argv[2:])
