//! What happens waits in line: nothing interrupts the shell, whoever calls from within.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::{Happening, Shell};

/// The line before the shell. Clones are the same line.
#[derive(Clone, Default)]
pub(crate) struct Queue(Rc<Inner>);

#[derive(Default)]
struct Inner {
    waiting: RefCell<VecDeque<Happening>>,
    shell: RefCell<Option<Shell>>,
    ending: Cell<bool>,
}

impl Queue {
    /// Puts a shell behind the line.
    pub(crate) fn serve(&self, shell: Shell) {
        *self.0.shell.borrow_mut() = Some(shell);
        self.run();
    }

    /// Something happened. It is dealt with before this returns, unless that is how it happened.
    pub(crate) fn post(&self, happening: Happening) {
        self.0.waiting.borrow_mut().push_back(happening);
        self.run();
    }

    /// Posts one kind of happening.
    pub(crate) fn poster<T: 'static>(&self, happening: fn(T) -> Happening) -> impl Fn(T) + 'static {
        let queue = self.clone();
        move |what| queue.post(happening(what))
    }

    /// Looks at the shell; nothing while it works, or once it has ended.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Shell) -> Option<T>) -> Option<T> {
        self.0.shell.try_borrow().ok()?.as_ref().and_then(look)
    }

    /// Takes the shell away: whatever still happens is ignored.
    pub(crate) fn take(&self) -> Option<Shell> {
        self.0.shell.try_borrow_mut().ok()?.take()
    }

    /// Takes the shell away, once it is done with what it does now.
    pub(crate) fn end(&self) {
        self.0.ending.set(true);
    }

    fn run(&self) {
        let Ok(mut shell) = self.0.shell.try_borrow_mut() else {
            return;
        };
        loop {
            let Some(happening) = self.0.waiting.borrow_mut().pop_front() else {
                return;
            };
            let Some(serving) = shell.as_mut() else {
                return;
            };
            serving.handle(happening);
            if self.0.ending.get() {
                *shell = None;
            }
        }
    }
}
