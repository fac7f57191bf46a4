//! The first account: a one-time code proves that whoever sets up can read the server's output, so that no default
//! password ever exists and no stranger is first (`console.md` A.1).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, RwLock};
use roadstead::access::{Action, JobName, UserActor};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::manage::setting::SettingsUpdate;
use roadstead::manage::setup::SetupRequest;
use roadstead::{Error, ErrorKind, Result, Secret, Timestamp};
use roadstead_store::account::AccountKind;
use roadstead_store::maintenance::Whole;
use roadstead_store::{Durability, Store, account, setting};
use subtle::ConstantTimeEq;

use crate::access::{Access, Instance};
use crate::account::{Accounts, create_in, taken};
use crate::audit::Origin;
use crate::context::Context;
use crate::error::{Failed, stored};
use crate::limit::seconds_until;
use crate::port::Ports;
use crate::setting::InstanceSettings;

/// Wrong tries after which a new code is made.
const TRIES: u32 = 5;
/// Seconds to wait after that.
const WAIT: i64 = 60;
/// Characters of a code: none that look alike.
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Told every new code, to print it.
pub type CodeListener = dyn Fn(&Secret) + Send + Sync;

/// Set-up.
pub struct Setup {
    store: Store,
    access: Access,
    ports: Ports,
    accounts: Arc<Accounts>,
    settings: Arc<InstanceSettings>,
    is_done: AtomicBool,
    code: Mutex<Code>,
    completing: tokio::sync::Mutex<()>,
    listener: RwLock<Option<Arc<CodeListener>>>,
}

#[derive(Default)]
struct Code {
    text: Option<Secret>,
    wrong: u32,
    closed_until: Option<Timestamp>,
}

impl Setup {
    pub(crate) fn new(
        store: Store,
        access: Access,
        ports: Ports,
        accounts: Arc<Accounts>,
        settings: Arc<InstanceSettings>,
    ) -> Self {
        Self {
            store,
            access,
            ports,
            accounts,
            settings,
            is_done: AtomicBool::new(false),
            code: Mutex::default(),
            completing: tokio::sync::Mutex::new(()),
            listener: RwLock::new(None),
        }
    }

    /// Who prints the codes.
    pub fn on_new_code(&self, listener: impl Fn(&Secret) + Send + Sync + 'static) {
        *self.listener.write() = Some(Arc::new(listener));
    }

    /// Whether there is no account yet.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn is_needed(&self) -> Result<bool> {
        if self.is_done.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let is_needed = self
            .store
            .peek("account.is_empty", |tx| Box::pin(account::is_empty(tx)))
            .await
            .map_err(stored)?;
        if !is_needed {
            self.is_done.store(true, Ordering::Relaxed);
        }
        Ok(is_needed)
    }

    /// Makes a new code, tells the listener, and answers it. The one before is void.
    pub fn new_code(&self) -> Secret {
        let text = self.ports.text(ALPHABET, 12);
        let groups: Vec<&str> =
            [0..4, 4..8, 8..12].into_iter().filter_map(|range| text.get(range)).collect();
        let code = Secret::new(groups.join("-"));
        {
            let mut held = self.code.lock();
            held.text = Some(code.clone());
            held.wrong = 0;
        }
        let listener = self.listener.read().clone();
        if let Some(listener) = listener {
            listener(&code);
        }
        code
    }

    /// Whether this is the code. Five wrong tries make a new one, and nobody is heard for 60 seconds.
    ///
    /// # Errors
    /// `NotFound` when set-up is done; `RateLimited` with the seconds to wait; Invalid about the code.
    pub async fn verify_code(&self, code: &Secret) -> Result<()> {
        if !self.is_needed().await? {
            return Err(done());
        }
        let is_exhausted = {
            let now = self.ports.now();
            let mut held = self.code.lock();
            if let Some(until) = held.closed_until
                && now < until
            {
                return Err(Error::new(
                    ErrorKind::RateLimited,
                    Subject::SetupCode,
                    "too many wrong codes; wait, and use the new code that the server printed",
                )
                .retry_after(seconds_until(until, now)));
            }
            let given = code.reveal().trim().to_ascii_uppercase();
            if let Some(text) = &held.text
                && bool::from(text.reveal().as_bytes().ct_eq(given.as_bytes()))
            {
                return Ok(());
            }
            held.wrong += 1;
            let is_exhausted = held.wrong >= TRIES;
            if is_exhausted {
                held.closed_until = Some(now.plus_seconds(WAIT));
            }
            is_exhausted
        };
        if is_exhausted {
            self.new_code();
        }
        Err(Error::invalid(
            Subject::SetupCode,
            "this is not the set-up code; it is in the link that the server printed",
        ))
    }

    /// Creates the first account with its owner, and saves what was said about the instance.
    ///
    /// # Errors
    /// Those of [`Setup::verify_code`]; Invalid for a bad value; `Conflict` when somebody else was first.
    #[tracing::instrument(name = "service.setup.complete", skip_all)]
    pub async fn complete(&self, ctx: &Context, request: SetupRequest) -> Result<UserActor> {
        let _one_at_a_time = self.completing.lock().await;
        self.verify_code(&request.code).await?;
        let values = self.values(&request)?;
        let held = &self.settings.cell().current().region;
        let region =
            if held.source.is_locked() { held.value.parse()? } else { request.region.clone() };
        let plan = self.accounts.plan(&request.account, &request.password, region).await?;
        let event =
            Origin::of(ctx, &self.ports).event(TraceName::CreateAccount).named(&request.account);
        let at = ctx.now();
        // Whoever has the code acts for the system: there is nobody else yet.
        let system = Context::system(JobName("setup"), &ctx.request_id, Arc::clone(&ctx.clock));
        let allowed = self.access.authorize(&system, Action::CreateAccount, Instance).await?;
        let whole = Whole::of(&allowed);
        let created = self
            .store
            .run("setup.complete", Durability::Durable, move |tx| {
                let (plan, event, values) = (plan.clone(), event.clone(), values.clone());
                Box::pin(async move {
                    if !account::is_empty(tx).await? {
                        return Err(Failed::from(done()));
                    }
                    let created = create_in(tx, whole, &plan, AccountKind::Operator, event).await?;
                    for (name, value) in &values {
                        setting::set(tx, name, value, Some(created.user), at).await?;
                    }
                    Ok(created)
                })
            })
            .await
            .map_err(|failed| taken(failed, "accounts", Subject::Account))?;
        self.is_done.store(true, Ordering::Relaxed);
        self.code.lock().text = None;
        self.settings.reload().await?;
        let person = self.access.person(created.user).await?;
        person.map(|person| person.actor.clone()).ok_or_else(done)
    }

    fn values(&self, request: &SetupRequest) -> Result<Vec<(&'static str, serde_json::Value)>> {
        let update = SettingsUpdate {
            external_url: request.external_url.clone().filter(|url| !url.trim().is_empty()),
            region_name: Some(request.region_name.clone()),
            language: request.language.map(|language| language.as_str().to_owned()),
            ..SettingsUpdate::default()
        };
        let mut values: Vec<(&'static str, serde_json::Value)> = self
            .settings
            .unlocked_changes(&update)?
            .into_iter()
            .filter_map(|change| change.value.map(|value| (change.name, value)))
            .collect();
        let region = &self.settings.cell().current().region;
        if !region.source.is_locked() && region.value != request.region.as_str() {
            values.push(("region", request.region.as_str().into()));
        }
        Ok(values)
    }
}

fn done() -> Error {
    Error::not_found(Subject::Request, "set-up is done; sign in")
}

#[cfg(test)]
mod tests;
