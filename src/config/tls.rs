//! Certificates and keys from the files that the config names.
//!
//! Main types: [`ServerTls`] for the listener, [`Trust`] for a side.
//!
//! This module never puts a key, or a part of it, into an error or a debug text.

use crate::config::parts::TargetUrl;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Larger files are refused.
const MAX_FILE: u64 = 1 << 20;

/// A problem, as its key and one sentence with its mend.
pub(super) type Wrong = (&'static str, String);

/// What the listener shows to clients, and what it asks of them. Two are equal where their files
/// say the same.
#[derive(Clone)]
pub struct ServerTls {
    /// Clients must show a certificate of their own.
    pub asks_clients: bool,
    config: Arc<ServerConfig>,
    digest: blake3::Hash,
}

impl ServerTls {
    /// Ready to accept with, HTTP/2 and HTTP/1 offered.
    pub fn config(&self) -> Arc<ServerConfig> {
        self.config.clone()
    }

    /// Reads the files: the certificate chain, its key, and who signs the clients' certificates.
    pub(super) fn read(cert: &Path, key: &Path, clients: Option<&Path>) -> Result<Self, Wrong> {
        let mut digest = blake3::Hasher::new();
        let mut text = |key: &'static str, path: &Path| {
            let text = read(path).map_err(|text| (key, text))?;
            digest.update(blake3::hash(&text).as_bytes());
            Ok::<_, Wrong>(text)
        };
        let chain = text("cert_file", cert)?;
        let secret = text("key_file", key)?;
        let roots = clients.map(|path| text("client_ca_file", path)).transpose()?;
        let chain = certificates(&chain, cert).map_err(|text| ("cert_file", text))?;
        let secret = PrivateKeyDer::from_pem_slice(&secret).map_err(|_| {
            let name = key.display();
            (
                "key_file",
                format!("`{name}` holds no private key in PEM that is not encrypted; name one"),
            )
        })?;
        let roots = roots.map(|text| {
            let path = clients.unwrap_or(Path::new(""));
            authorities(&text, path).map_err(|text| ("client_ca_file", text))
        });
        let asks_clients = roots.is_some();
        let config = server(roots.transpose()?, chain, secret)?;
        Ok(Self { asks_clients, config: Arc::new(config), digest: digest.finalize() })
    }
}

fn server(
    clients: Option<RootCertStore>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, Wrong> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has both versions");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(roots) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider());
            builder.with_client_cert_verifier(verifier.build().map_err(|error| {
                ("client_ca_file", format!("its certificates cannot be used ({error}); mend it"))
            })?)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            let text = "is not the key of the first certificate in cert_file; name the one that is";
            ("key_file", text.to_owned())
        }
        error => ("cert_file", format!("cannot be used with its key ({error}); mend it")),
    })?;
    // Some clients of HTTP/1.0 say that they are.
    config.alpn_protocols = [&b"h2"[..], b"http/1.1", b"http/1.0"].map(<[u8]>::to_vec).into();
    Ok(config)
}

impl PartialEq for ServerTls {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for ServerTls {}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls")
            .field("asks_clients", &self.asks_clients)
            .finish_non_exhaustive()
    }
}

/// Which certificates of a side are believed, and whose name they must carry. Two are equal where
/// their files say the same; what the machine trusts may change between them.
#[derive(Clone)]
pub struct Trust {
    roots: Arc<RootCertStore>,
    name: ServerName<'static>,
    /// Absent: what the machine trusts.
    pub ca_file: Option<PathBuf>,
    digest: Option<blake3::Hash>,
}

impl Trust {
    /// Verifies the side's certificate; without a certificate of our own.
    pub fn client(&self) -> ClientConfig {
        ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("the provider has both versions")
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth()
    }

    /// Whose certificate is wanted: the host of the URL.
    pub fn name(&self) -> &ServerName<'static> {
        &self.name
    }

    /// What is believed of the side at `url`.
    pub(super) fn read(url: &TargetUrl, ca_file: Option<PathBuf>) -> Result<Self, Wrong> {
        let name = ServerName::try_from(url.host.clone()).map_err(|_| {
            ("url", format!("`{url}` has no host that a certificate can name; mend it"))
        })?;
        let (roots, digest) = match &ca_file {
            None => (of_the_machine().map_err(|text| ("url", text))?, None),
            Some(path) => {
                let text = read(path).map_err(|text| ("ca_file", text))?;
                let roots = authorities(&text, path).map_err(|text| ("ca_file", text))?;
                (roots, Some(blake3::hash(&text)))
            }
        };
        Ok(Self { roots: Arc::new(roots), name, ca_file, digest })
    }
}

impl PartialEq for Trust {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.digest == other.digest
    }
}

impl Eq for Trust {}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("name", &self.name).finish_non_exhaustive()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// What the machine trusts: its own list, or the one that `SSL_CERT_FILE` names.
fn of_the_machine() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let (added, _) =
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    match added {
        0 => Err("needs TLS, and this machine trusts nobody; install its list of certificate \
             authorities, or name one in `ca_file`"
            .into()),
        _ => Ok(roots),
    }
}

fn authorities(text: &[u8], path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(text, path)? {
        roots.add(certificate).map_err(|error| {
            format!(
                "`{}` holds a certificate that cannot be used ({error}); mend it",
                path.display()
            )
        })?;
    }
    Ok(roots)
}

fn certificates(text: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    let found = found.ok().filter(|found| !found.is_empty());
    found.ok_or_else(|| {
        format!("`{}` holds no certificate in PEM; name one that does", path.display())
    })
}

/// The bytes of a file; an error is one sentence with its mend.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let name = path.display();
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::NotFound => format!("there is no file `{name}`; name one that is there"),
        ErrorKind::PermissionDenied => format!("`{name}` may not be read; allow it to this user"),
        _ => format!("`{name}` cannot be read ({error}); name a file"),
    };
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!("`{name}` is larger than a certificate can be; name another"));
    }
    Ok(bytes)
}
