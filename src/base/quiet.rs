//! Taking a body without waking a task that has nothing left to do.
//!
//! hyper (1.12) wakes whoever reads a connection of HTTP/1 for each piece that is taken of a body on it:
//! there is room for the next. So it does for the last one, after which there is none, and that task
//! has read the end already. Of the times that the task of a short message runs, it is one in three.

use http_body::{Body, Frame};
use pin_project_lite::pin_project;
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

thread_local! {
    static HOLDING: Cell<bool> = const { Cell::new(false) };
    static HELD: Cell<Option<Waker>> = const { Cell::new(None) };
}

pin_project! {
    /// A task that [`poll_piece`] may leave asleep. It is woken by all else as any other.
    pub struct Quiet<F> {
        #[pin]
        task: F,
        // It stays the same from poll to poll, so that nobody has to remember it anew.
        waker: Option<(Arc<Hushed>, Waker)>,
    }
}

struct Hushed(Waker);

impl<F> Quiet<F> {
    pub fn new(task: F) -> Self {
        Self { task, waker: None }
    }
}

impl<F: Future> Future for Quiet<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let known = this.waker.take().filter(|(hushed, _)| hushed.0.will_wake(cx.waker()));
        let (_, waker) = this.waker.insert(known.unwrap_or_else(|| {
            let hushed = Arc::new(Hushed(cx.waker().clone()));
            (hushed.clone(), hushed.into())
        }));
        this.task.poll(&mut Context::from_waker(waker))
    }
}

impl Wake for Hushed {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !HOLDING.get() {
            return self.0.wake_by_ref();
        }
        if let Some(other) = HELD.replace(Some(self.0.clone())) {
            other.wake();
        }
    }
}

/// Holds wake-ups back on this thread while it lives, and no longer.
struct Holding;

impl Holding {
    fn begin() -> Self {
        HOLDING.set(true);
        Self
    }

    /// Nobody needs what was held back.
    fn spare(&self) {
        HELD.set(None);
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        HOLDING.set(false);
        if let Some(held) = HELD.take() {
            held.wake();
        }
    }
}

/// A piece of a body, or why there is none.
type Piece<B> = Result<Frame<<B as Body>::Data>, <B as Body>::Error>;

/// Polls a body for its next piece. Where that is the last, a [`Quiet`] task that it came from is not
/// woken for it.
pub fn poll_piece<B: Body + Unpin>(body: &mut B, cx: &mut Context<'_>) -> Poll<Option<Piece<B>>> {
    let holding = Holding::begin();
    let piece = Pin::new(&mut *body).poll_frame(cx);
    if matches!(piece, Poll::Ready(Some(Ok(_)))) && body.is_end_stream() {
        holding.spare();
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http_body_util::Empty;
    use hyper::body::Incoming;
    use hyper::client::conn::http1;
    use hyper_util::rt::TokioIo;
    use std::convert::Infallible;
    use std::future::{pending, poll_fn};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    /// How often a task was woken.
    #[derive(Default)]
    struct Times(AtomicUsize);

    impl Wake for Times {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    /// A task, with the waker that it gives to what it waits for.
    fn task() -> (Arc<Times>, Waker) {
        let times = Arc::<Times>::default();
        let (outer, mut inner) = (times.clone().into(), None);
        let mut quiet = pin!(Quiet::new(poll_fn(|cx| {
            inner = Some(cx.waker().clone());
            Poll::<()>::Pending
        })));
        assert!(quiet.as_mut().poll(&mut Context::from_waker(&outer)).is_pending());
        (times, inner.expect("it was polled"))
    }

    type Given = Poll<Option<Piece<Pieces>>>;

    /// A body that wakes as hyper's does, and says that it ends with the last that it gives.
    struct Pieces {
        wake: Vec<Waker>,
        gives: Vec<fn() -> Given>,
    }

    fn piece() -> Given {
        Poll::Ready(Some(Ok(Frame::data(Bytes::new()))))
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Given {
            self.wake.iter().for_each(Waker::wake_by_ref);
            self.gives.pop().expect("it has not ended")()
        }

        fn is_end_stream(&self) -> bool {
            self.gives.is_empty()
        }
    }

    fn take(body: &mut Pieces) -> Given {
        poll_piece(body, &mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_task_is_woken_for_each_piece_but_the_last() {
        let ((one, first), (other, second)) = (task(), task());
        let mut body = Pieces { wake: vec![first.clone(), second], gives: vec![piece; 3] };
        let mut woken = Vec::new();
        for _ in 0..3 {
            assert!(take(&mut body).is_ready());
            woken.push((one.0.load(Relaxed), other.0.load(Relaxed)));
        }
        // Of several tasks only one can be spared, and there is only one.
        assert_eq!(woken, [(1, 1), (2, 2), (3, 2)]);
        first.wake();
        assert_eq!(one.0.load(Relaxed), 4, "by all else it is woken as ever");
    }

    #[test]
    fn a_body_that_panics_leaves_no_task_asleep() {
        let (times, waker) = task();
        let gives: Vec<fn() -> Given> = vec![|| panic!("as the test wants it")];
        let mut body = Pieces { wake: vec![waker.clone()], gives };
        assert!(catch_unwind(AssertUnwindSafe(|| take(&mut body))).is_err());
        assert_eq!(times.0.load(Relaxed), 1);
        waker.wake();
        assert_eq!(times.0.load(Relaxed), 2);
    }

    #[test]
    fn where_no_piece_is_taken_nobody_is_spared() {
        let nothing: [fn() -> Given; 2] = [|| Poll::Pending, || Poll::Ready(None)];
        for gives in nothing {
            let (times, waker) = task();
            let given = take(&mut Pieces { wake: vec![waker], gives: vec![gives] });
            assert!(!matches!(given, Poll::Ready(Some(_))));
            assert_eq!(times.0.load(Relaxed), 1);
        }
    }

    #[test]
    fn a_task_that_moves_on_is_woken_where_it_is() {
        let (before, after) = (Arc::<Times>::default(), Arc::<Times>::default());
        let mut quiet = pin!(Quiet::new(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        })));
        for times in [&before, &after, &after] {
            let waker = times.clone().into();
            assert!(quiet.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        assert_eq!((before.0.load(Relaxed), after.0.load(Relaxed)), (1, 2));
    }

    /// How often the task of a connection runs for an exchange, and what came of that.
    async fn exchange(answer: &'static [u8], quiet: bool) -> (usize, Bytes) {
        let (near, mut far) = duplex(1 << 10);
        let (mut sender, connection) = http1::handshake(TokioIo::new(near)).await.expect("a side");
        let polls = Arc::<AtomicUsize>::default();
        let counted = {
            let (polls, mut connection) = (polls.clone(), Box::pin(connection));
            poll_fn(move |cx| {
                polls.fetch_add(1, Relaxed);
                connection.as_mut().poll(cx).map(drop)
            })
        };
        match quiet {
            true => tokio::spawn(Quiet::new(counted)),
            false => tokio::spawn(counted),
        };
        tokio::spawn(async move {
            let mut asked = [0; 1 << 9];
            assert_ne!(far.read(&mut asked).await.expect("a request"), 0);
            far.write_all(answer).await.expect("room");
            pending::<()>().await;
        });
        let request = http::Request::new(Empty::<Bytes>::new());
        let response = sender.send_request(request).await.expect("an answer");
        let taking = async |mut body: Incoming| {
            let mut all = Vec::new();
            while let Some(frame) = poll_fn(|cx| poll_piece(&mut body, cx)).await {
                all.extend(frame.expect("no error").into_data().expect("no trailers"));
            }
            Bytes::from(all)
        };
        let body = taking(response.into_body()).await;
        // Whoever was woken has run by then.
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        (polls.load(Relaxed), body)
    }

    #[tokio::test]
    async fn hyper_runs_once_less_for_a_body_that_comes_at_once() {
        const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        let ((loud, one), (quiet, other)) =
            (exchange(ANSWER, false).await, exchange(ANSWER, true).await);
        assert_eq!((&one[..], &other[..]), (&b"{}"[..], &b"{}"[..]));
        // Where it is none, hyper has learned this itself, and this file can go.
        assert_eq!(loud - quiet, 1);
    }

    #[tokio::test]
    async fn a_body_in_chunks_is_read_to_its_end() {
        const ANSWER: &[u8] =
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n";
        assert_eq!(exchange(ANSWER, true).await.1, "{}");
    }
}
