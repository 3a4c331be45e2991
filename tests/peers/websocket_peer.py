"""A WebSocket peer that is not the implementation under test: Python's `websockets`.

    websocket_peer.py serve ADDRESS PORT [PEM]         prints its port, then a line for each thing that happens
    websocket_peer.py connect URL [OPTION…] [MESSAGE…] tries until somebody listens, sends, prints what comes back;
        `--next` begins another one, after it
        --origin ORIGIN, --protocol NAME, --authority PEM, --close CODE (1000), --raw HEX (bytes instead of messages)

What a server does with a connection stands in its path: `/echo`, `/close?CODE`, `/big?BYTES`, `/many?COUNT`, `/ping`,
`/fragments`, `/silent`, `/headers`, `/drop`, `/raw?HEX` (bytes as they are, after the handshake), `/bad-accept` (a handshake
that is wrong).
"""

import asyncio
import logging
import ssl
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

PROTOCOLS = ["chat.v2", "chat.v1"]
MAX_SIZE = 64 << 20
PATIENCE = 10.0


def say(line):
    print(line, flush=True)


def shown(message):
    if isinstance(message, str):
        return f"text {message}" if len(message) <= 80 else f"text of {len(message)} characters"
    return f"binary {message.hex()}" if len(message) <= 40 else f"binary of {len(message)} bytes"


async def echo(connection, _):
    async for message in connection:
        say(shown(message))
        await connection.send(message)


async def close(connection, query):
    await connection.close(int(query or 1000), "as asked")


async def big(connection, query):
    await connection.send("x" * int(query))
    await silent(connection, query)


async def many(connection, query):
    for number in range(int(query)):
        await connection.send(f"{number}")
    await connection.close(1000, "that is all")


async def ping(connection, _):
    await asyncio.wait_for(await connection.ping(b"are you there"), PATIENCE)
    say("pong")
    await connection.send("ponged")
    await silent(connection, "")


async def fragments(connection, _):
    await connection.send(["in ", "three ", "pieces"])
    await silent(connection, "")


async def silent(connection, _):
    async for message in connection:
        say(shown(message))


async def headers(connection, _):
    for name, value in sorted(connection.request.headers.raw_items()):
        if name.lower() not in ("sec-websocket-key", "host"):
            await connection.send(f"{name.lower()}: {value}")
    await connection.close(1000)


async def drop(connection, _):
    connection.transport.abort()


async def raw(connection, query):
    connection.transport.write(bytes.fromhex(query))
    await silent(connection, "")


PATHS = {
    "/echo": echo,
    "/close": close,
    "/big": big,
    "/many": many,
    "/ping": ping,
    "/fragments": fragments,
    "/silent": silent,
    "/headers": headers,
    "/drop": drop,
    "/raw": raw,
    "/bad-accept": silent,
}


async def handle(connection):
    path, _, query = connection.request.path.partition("?")
    say(f"open {connection.request.path}")
    try:
        await PATHS.get(path, echo)(connection, query)
    except ConnectionClosed:
        pass
    except Exception as error:  # noqa: BLE001: what goes wrong is shown, not swallowed
        say(f"failed: {type(error).__name__}")
    await connection.wait_closed()
    say(f"closed {connection.close_code} {connection.close_reason or ''}".rstrip())


def spoil(connection, request, response):
    if request.path.startswith("/bad-accept"):
        del response.headers["Sec-WebSocket-Accept"]
        response.headers["Sec-WebSocket-Accept"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
    return response


async def be_server(address, port, pem=None):
    context = None
    if pem:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
    options = {"subprotocols": PROTOCOLS, "process_response": spoil, "max_size": MAX_SIZE, "ping_interval": None}
    # A peer speaks a sub-protocol when it is offered one, and is content without.
    async with serve(handle, address, int(port), ssl=context, select_subprotocol=choose, **options) as server:
        say(server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def choose(_, offered):
    return next((name for name in PROTOCOLS if name in offered), None)


def options_of(words):
    options, messages, words = {}, [], list(words)
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            options[word[2:]] = words.pop(0)
        else:
            messages.append(word)
    return options, messages


async def open_patiently(url, options):
    context = ssl.create_default_context(cafile=options["authority"]) if "authority" in options else None
    protocols = [options["protocol"]] if "protocol" in options else None
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        try:
            return await connect(
                url, origin=options.get("origin"), subprotocols=protocols, ssl=context, max_size=MAX_SIZE, proxy=None
            )
        except OSError:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.02)


async def be_client(*words):
    words = list(words)
    while "--next" in words:
        place = words.index("--next")
        await talk(*words[:place])
        words = words[place + 1 :]
    await talk(*words)


async def talk(url, *words):
    options, messages = options_of(words)
    try:
        connection = await open_patiently(url, options)
    except InvalidStatus as error:
        return say(f"status {error.response.status_code}")
    except InvalidHandshake as error:
        return say(f"no handshake: {type(error).__name__}")
    say(f"open {connection.subprotocol or ''}".rstrip())
    try:
        if "raw" in options:
            connection.transport.write(bytes.fromhex(options["raw"]))
        for message in messages:
            await connection.send("x" * int(message[4:]) if message.startswith("big:") else message)
            say(shown(await asyncio.wait_for(connection.recv(), PATIENCE)))
        if "raw" not in options:
            await connection.close(int(options.get("close", "1000")), "bye")
    except ConnectionClosed:
        pass
    await asyncio.wait_for(connection.wait_closed(), PATIENCE)
    say(f"closed {connection.close_code} {connection.close_reason or ''}".rstrip())


def main(verb, *words):
    # What happens is said line by line; a connection that is torn down when the test ends is no news.
    logging.disable(logging.CRITICAL)
    asyncio.run({"serve": be_server, "connect": be_client}[verb](*words))


if __name__ == "__main__":
    main(*sys.argv[1:])
