//! The contract in `wit/`: that it is documented, and that guests are made from it which are not in this repository's language, or
//! not in this repository.

mod documented;
mod outside;
mod python;
