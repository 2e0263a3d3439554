//! Phone numbers in SQL.

use queqiao::prelude::*;
use queqiao::wechat::PhoneNumber;
use queqiao::{Database, StoreError, values};

/// Reads and writes the phone numbers of users.
#[derive(Clone, Debug)]
pub(crate) struct PhoneRepository {
    sql: Database,
}

impl PhoneRepository {
    pub(crate) fn new(sql: Database) -> Self {
        Self { sql }
    }

    pub(crate) async fn set(&self, user: Uuid, phone: &PhoneNumber) -> Result<(), StoreError> {
        let mut transaction = self.sql.begin().await?;
        transaction.execute("DELETE FROM phones WHERE user_id = $1", &values![user]).await?;
        let insert = "INSERT INTO phones (user_id, country_code, number) VALUES ($1, $2, $3)";
        let (country, number) = (phone.country_code.as_str(), phone.pure_phone_number.as_str());
        transaction.execute(insert, &values![user, country, number]).await?;
        transaction.commit().await
    }
}
