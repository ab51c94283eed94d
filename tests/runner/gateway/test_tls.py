"""The public address with a certificate: the same answers, encrypted; a broken pair of files is refused."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from functions.config import Address
from runner.gateway.listener import Listener, tls_context


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A self-signed certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "functory.test")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    signed = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    folder = tmp_path_factory.mktemp("tls")
    certificate_file, key_file = folder / "cert.pem", folder / "key.pem"
    certificate_file.write_bytes(signed.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate_file, key_file


class Hello:
    """Answers with more than one encrypted record."""

    least_body = 0

    def body_limit(self, request):
        return 100

    def handle(self, exchange):
        exchange.respond(200, [("content-type", "text/plain")], b"hello " * 100_000)


def test_answers_are_encrypted(pair):
    async def ask():
        listener = Listener(Hello())
        port = await listener.listen_tcp(Address("127.0.0.1", 0), tls_context(*pair))
        trusting = ssl.create_default_context(cafile=str(pair[0]))
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=trusting, server_hostname="functory.test"
        )
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await listener.stop(0)
        return answer

    answer = asyncio.run(ask())
    assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"hello " * 100_000)


def test_plain_http_is_not_answered_there(pair):
    async def ask():
        listener = Listener(Hello())
        port = await listener.listen_tcp(Address("127.0.0.1", 0), tls_context(*pair))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await listener.stop(0)
        return answer

    assert b"hello" not in asyncio.run(ask())


def test_without_a_certificate_it_is_plain():
    assert tls_context(None, None) is None


def test_files_that_do_not_belong_together_are_refused(pair):
    with pytest.raises(ssl.SSLError):
        tls_context(pair[1], pair[0])
