//! The data directory: one platform at a time, and what it remembers.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Held for as long as a platform runs on the directory; the system frees it when the process dies.
const LOCK: &str = "lock";

/// Why a data directory can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It can't be made or written to.
    #[error("the data directory {path} can't be used")]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another platform runs on it.
    #[error("another tradepost runs on the data directory {path}: stop it, or choose another with --data")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
}

/// An opened data directory.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    path: PathBuf,
    _lock: File,
}

impl DataDirectory {
    /// Makes the directory if need be and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let unusable = |source| DataError::Unusable {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(path).map_err(unusable)?;
        let absolute = path.canonicalize().map_err(unusable)?;
        let lock = File::create(absolute.join(LOCK)).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: absolute,
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }

    /// The directory, absolute.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {

    use super::{DataDirectory, DataError};

    #[test]
    fn a_directory_takes_one_platform_at_a_time() {
        let path = std::env::temp_dir().join(crate::clock::request_id());
        let first = DataDirectory::open(&path).unwrap();
        assert!(matches!(DataDirectory::open(&path), Err(DataError::InUse { .. })));
        drop(first);
        drop(DataDirectory::open(&path).unwrap());
        std::fs::remove_dir_all(path).unwrap();
    }
}
