"""The host's certificates and proxies as builds are given them."""

from runner.images.trust import host_ca_bundle, proxy_environment, trust_environment


def test_the_bundle_that_the_environment_names_wins(tmp_path):
    own, system = tmp_path / "own.pem", tmp_path / "system.pem"
    own.write_text("own")
    system.write_text("system")
    assert host_ca_bundle({"SSL_CERT_FILE": str(own)}, (str(system),)) == own
    assert host_ca_bundle({}, (str(system),)) == system


def test_a_named_bundle_that_is_missing_or_empty_is_passed_over(tmp_path):
    empty, system = tmp_path / "empty.pem", tmp_path / "system.pem"
    empty.touch()
    system.write_text("system")
    assert host_ca_bundle({"SSL_CERT_FILE": str(empty)}, (str(system),)) == system
    assert host_ca_bundle({"PIP_CERT": "/nowhere"}, (str(system),)) == system


def test_a_host_without_certificates_has_no_bundle():
    assert host_ca_bundle({}, ("/nowhere/at/all",)) is None


def test_every_tool_is_told():
    told = trust_environment("/ca.crt")
    assert {"PIP_CERT", "NODE_EXTRA_CA_CERTS", "npm_config_cafile"} <= set(told)
    assert set(told.values()) == {"/ca.crt"}


def test_only_proxies_are_passed_on():
    assert proxy_environment({"https_proxy": "p", "no_proxy": "", "HOME": "/root"}) == {"https_proxy": "p"}
