fn main() {
    let _ = queqiao::migrations!("migrations");
}
