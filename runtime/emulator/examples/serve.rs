//! The emulator alone, on port 9000: `cargo run -p queqiao-emulator --example serve`.

use queqiao_emulator::{Emulator, EmulatorError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), EmulatorError> {
    let address = ([127, 0, 0, 1], 9000).into();
    let emulator = Emulator::builder().listen(address).start().await?;
    println!("open {}/emulator", emulator.url());
    std::future::pending().await
}
