//! Compares what rustc says of each case with the file beside it.

#[test]
fn each_mistake_is_told_as_expected() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("cases/*.rs");
}
