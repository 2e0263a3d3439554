//! Operations as a whole, their bodies, and who may call them.

use super::cases;

cases! {
    script ("await api.keep(); await api.drop(); return true")
        operation_gone [(Breaking, Operation, "")]
    old {
        /// Keep.
        #[get("/kept")] async fn keep() -> NoContent { NoContent }
        /// Drop.
        #[delete("/things")] async fn drop() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep, drop] }
    }
    new {
        /// Keep.
        #[get("/kept")] async fn keep() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep] }
    }

    script ("await api.keep(); return true")
        operation_new [(Compatible, Operation, "")]
    old {
        /// Keep.
        #[get("/kept")] async fn keep() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep] }
    }
    new {
        /// Keep.
        #[get("/kept")] async fn keep() -> NoContent { NoContent }
        /// Drop.
        #[delete("/things")] async fn drop() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep, drop] }
    }

    script ("await api.keep(); return true")
        path_changed [(Breaking, Operation, "")]
    old {
        /// Keep.
        #[get("/kept")] async fn keep() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep] }
    }
    new {
        /// Keep.
        #[get("/keep")] async fn keep() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep] }
    }

    script ("await api.keep(); return true")
        method_changed [(Breaking, Operation, "")]
    old {
        /// Keep.
        #[post("/kept")] async fn keep() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep] }
    }
    new {
        /// Keep.
        #[put("/kept")] async fn keep() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep] }
    }

    script ("await api.keep(); return true")
        operation_renamed [(Compatible, Operation, "")]
    old {
        /// Keep.
        #[get("/kept")] async fn keep() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep] }
    }
    new {
        /// Keep.
        #[get("/kept")] async fn hold() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![hold] }
    }

    script ("await api.keep(); return true")
        body_new_and_required [(Breaking, Request, ""), (Warning, Error, "code")]
    old {
        /// Keep.
        #[post("/kept")] async fn keep() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep] }
    }
    new {
        #[model] struct Ask { title: String }
        /// Keep.
        #[post("/kept")] async fn keep(Json(_ask): Json<Ask>) -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep] }
    }

    script ("await api.keep(); return true")
        body_new_and_optional [(Compatible, Request, ""), (Warning, Error, "code")]
    old {
        /// Keep.
        #[post("/kept")] async fn keep() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep] }
    }
    new {
        #[model] struct Ask { title: String }
        /// Keep.
        #[post("/kept")] async fn keep(_ask: Option<Json<Ask>>) -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep] }
    }

    script ("await api.keep({ title: 'a' }); await api.keep(); return true")
        body_required_now [(Breaking, Request, "")]
    old {
        #[model] struct Ask { title: String }
        /// Keep.
        #[post("/kept")] async fn keep(_ask: Option<Json<Ask>>) -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep] }
    }
    new {
        #[model] struct Ask { title: String }
        /// Keep.
        #[post("/kept")] async fn keep(Json(_ask): Json<Ask>) -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep] }
    }

    script ("await api.keep({ title: 'a' }); return true")
        body_gone [(Warning, Request, "")]
    old {
        #[model] struct Ask { title: String }
        /// Keep.
        #[post("/kept")] async fn keep(Json(_ask): Json<Ask>) -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep] }
    }
    new {
        /// Keep.
        #[post("/kept")] async fn keep() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![keep] }
    }

    script (login "await api.mine(); await api.open(); return true")
        login_needed_now [(Breaking, Security, ""), (Warning, Error, "code")]
    old {
        /// Mine.
        #[get("/mine")] async fn mine(_user: User) -> NoContent { NoContent }
        /// Open.
        #[get("/open")] async fn open() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![mine, open] }
    }
    new {
        /// Mine.
        #[get("/mine")] async fn mine(_user: User) -> NoContent { NoContent }
        /// Open.
        #[get("/open")] async fn open(_user: User) -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![mine, open] }
    }

    script (login "await api.mine(); await api.open(); return true")
        login_no_longer_needed [(Compatible, Security, "")]
    old {
        /// Mine.
        #[get("/mine")] async fn mine(_user: User) -> NoContent { NoContent }
        /// Open.
        #[get("/open")] async fn open(_user: User) -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![mine, open] }
    }
    new {
        /// Mine.
        #[get("/mine")] async fn mine(_user: User) -> NoContent { NoContent }
        /// Open.
        #[get("/open")] async fn open() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![mine, open] }
    }

    script (login "await api.open(); return true")
        login_of_guests_needed [(Breaking, Security, ""), (Warning, Error, "code")]
    old {
        /// Open.
        #[get("/open")] async fn open(_user: Option<User>) -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![open] }
    }
    new {
        /// Open.
        #[get("/open")] async fn open(_user: User) -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![open] }
    }

    script (login "await api.open(); return true")
        guests_let_in [(Compatible, Security, "")]
    old {
        /// Open.
        #[get("/open")] async fn open(_user: User) -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![open] }
    }
    new {
        /// Open.
        #[get("/open")] async fn open(_user: Option<User>) -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![open] }
    }
}
