//! The `UCP-Agent` header: which platform sends the request.

use url::{Host, Url};

use crate::structured::{Bare, Value, dictionary};

/// The longest profile URL, in bytes.
pub(crate) const PROFILE_URL_BYTES_MAX: usize = 1_024;

/// Why there is no profile URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgentError {
    /// The header is missing.
    #[error("the UCP-Agent header is missing: send profile=\"https://…\"")]
    Missing,
    /// The header is no RFC 8941 dictionary with a quoted `profile`.
    #[error("UCP-Agent is a dictionary (RFC 8941) with a quoted profile URL")]
    Malformed,
    /// The URL is not one that a profile may have.
    #[error("a profile URL uses https, has no credentials and no fragment")]
    Url,
}

/// The profile URL of a `UCP-Agent` header. `loopback`: whether http to this very machine is allowed, as in development.
///
/// # Errors
///
/// See [`AgentError`].
pub fn agent_profile(header: Option<&str>, loopback: bool) -> Result<String, AgentError> {
    let text = header.ok_or(AgentError::Missing)?;
    let members = dictionary(text).ok_or(AgentError::Malformed)?;
    let profile = members
        .into_iter()
        .find(|member| member.key == "profile")
        .ok_or(AgentError::Malformed)?;
    let Value::Item(Bare::Text(url)) = profile.value else {
        return Err(AgentError::Malformed);
    };
    if is_profile_url(&url, loopback) {
        Ok(url)
    } else {
        Err(AgentError::Url)
    }
}

/// Whether a URL is one that we would fetch for a stranger.
pub(crate) fn is_profile_url(text: &str, loopback: bool) -> bool {
    if text.len() > PROFILE_URL_BYTES_MAX {
        return false;
    }
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    let scheme = url.scheme() == "https" || (loopback && here && url.scheme() == "http");
    scheme && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_a_quoted_https_url() {
        let header = r#"profile="https://platform.example/ucp.json";x=1, v="2""#;
        assert_eq!(
            agent_profile(Some(header), false).unwrap(),
            "https://platform.example/ucp.json"
        );
        assert_eq!(agent_profile(None, false), Err(AgentError::Missing));
        for malformed in [
            "",
            "https://a.example",
            "profile=https",
            "agent=\"x\"",
            "profile=\"https://a.example",
        ] {
            assert_eq!(
                agent_profile(Some(malformed), false),
                Err(AgentError::Malformed),
                "{malformed}"
            );
        }
        for url in [
            "http://a.example/p",
            "ftp://a.example",
            "https://u:p@a.example/",
            "https://a.example/#x",
            "nothing",
        ] {
            assert_eq!(
                agent_profile(Some(&format!("profile=\"{url}\"")), true),
                Err(AgentError::Url),
                "{url}"
            );
        }
    }

    #[test]
    fn http_on_loopback_is_for_development_only() {
        let header = Some(r#"profile="http://127.0.0.1:8000/p.json""#);
        assert!(agent_profile(header, true).is_ok());
        assert_eq!(agent_profile(header, false), Err(AgentError::Url));
    }
}
