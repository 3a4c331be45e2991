//! Hash maps without random seeds: the keys are the operator's, so nobody can choose them to collide,
//! and this crate asks nothing for entropy.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

pub(crate) type Map<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;
