//! Every known answer of WeChat's cryptography, the negative ones included.

use queqiao_wechat::{
    DecryptError, EncryptedData, raw_data_signature, user_state_signature, verify_raw_data, verify_user_state,
};
use secrecy::SecretString;
use serde_json::{Value, json};

struct Vector<'a>(&'a Value);

impl Vector<'_> {
    fn text(&self, part: &str, name: &str) -> &str {
        self.0[part][name].as_str().unwrap_or_else(|| panic!("{part}.{name} of {}", self.0["id"]))
    }

    fn input(&self, name: &str) -> &str {
        self.text("input", name)
    }

    fn key(&self) -> SecretString {
        self.input("session_key").into()
    }
}

fn encrypted(vector: &Vector<'_>) -> EncryptedData {
    serde_json::from_value(json!({"encryptedData": vector.input("encryptedData"), "iv": vector.input("iv")}))
        .unwrap()
}

#[test]
fn all_hold() {
    let file: Value = serde_json::from_str(include_str!("../vectors/user_data.json")).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    let of = |id: &str| Vector(vectors.iter().find(|vector| vector["id"] == id).unwrap());
    let mut checked = 0;
    for vector in vectors {
        let id = vector["id"].as_str().unwrap();
        let vector = Vector(vector);
        match id {
            "userdata-decrypt-1" => {
                let decrypted =
                    encrypted(&vector).decrypt::<Value>(&vector.key(), vector.input("appid")).unwrap();
                let plain = vector.text("expected", "plaintext");
                assert_eq!(decrypted.data, serde_json::from_str::<Value>(plain).unwrap());
                assert_eq!(decrypted.watermark.appid, vector.text("expected", "watermark_appid"));
                assert_eq!(decrypted.watermark.timestamp, 1_477_314_187);
            }
            "userdata-decrypt-neg-1" => {
                let data = encrypted(&of("userdata-decrypt-1"));
                let outcome = data.decrypt::<Value>(&vector.key(), vector.input("appid"));
                assert_eq!(outcome, Err(DecryptError::Stale));
            }
            "rawdata-signature-1" => {
                let (raw, expected) =
                    (vector.input("rawData").as_bytes(), vector.text("expected", "signature"));
                assert_eq!(raw_data_signature(raw, &vector.key()), expected);
                assert!(verify_raw_data(raw, expected, &vector.key()));
            }
            _ if id.starts_with("user-state-signature-") => {
                let (body, expected) =
                    (vector.input("post_body").as_bytes(), vector.text("expected", "signature"));
                assert_eq!(user_state_signature(&vector.key(), body), expected);
                assert!(verify_user_state(&vector.key(), body, expected));
            }
            _ => panic!("no test for {id}"),
        }
        checked += 1;
    }
    assert_eq!(checked, 6);
}
