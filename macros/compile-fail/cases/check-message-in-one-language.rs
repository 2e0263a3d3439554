use queqiao::model;

#[model]
struct Todo {
    #[check(length = 1..=100, message(zh = "标题须有 1 到 100 个字符"))]
    title: String,
    #[check(length = ..=5, message(fr = "trop long"))]
    note: String,
}

fn main() {}
