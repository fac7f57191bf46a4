//! The first account, when it is made without the set-up page.

use roadstead::{AccountName, Secret};

use super::{Problem, Values};

/// The first account, when it is made without the set-up page. Only the first start reads it.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// The account, whose owner is the account itself, and its password.
    pub account: Option<(AccountName, Secret)>,
}

impl Setup {
    pub(crate) fn validate(values: &Values) -> Result<Self, Vec<Problem>> {
        match (values.text("setup_account"), values.text("setup_password")) {
            (None, None) => Ok(Self::default()),
            (Some(account), Some(password)) => match account.parse() {
                Ok(account) => {
                    Ok(Self { account: Some((account, Secret::new(password.to_owned()))) })
                }
                Err(error) => {
                    let error: roadstead::Error = error;
                    Err(vec![Problem::new(values, "setup_account", error.message())])
                }
            },
            (Some(_), None) => Err(vec![Problem::new(
                values,
                "setup_password",
                "the set-up account is given without a password; give both or none",
            )]),
            (None, Some(_)) => Err(vec![Problem::new(
                values,
                "setup_account",
                "the set-up password is given without an account; give both or none",
            )]),
        }
    }
}
