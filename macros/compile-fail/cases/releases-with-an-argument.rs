fn main() {
    let _ = queqiao::releases!("contracts/releases.json");
}
