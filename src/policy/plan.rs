//! The settings of one config generation, resolved for each route.

use crate::base::Percent;
use crate::compare::{Name, Rules};
use crate::config::{Compare, Config, Isolation, Matcher, Mirror, Rewrite};
use crate::model::Controls;
use crate::redact::Redactor;
use http::{HeaderValue, Method};
use std::sync::Arc;
use std::time::Duration;

/// What a process puts into every generation.
#[derive(Clone, Debug)]
pub struct Constants {
    /// Stands for `{session}` in rewrite rules.
    pub session: String,
    /// Keys the hashes that stand for secrets.
    pub key: [u8; 32],
}

/// How requests of one route are treated.
#[derive(Debug)]
pub struct Plan {
    /// The endpoint's name, where a route gives one.
    pub name: Option<Arc<str>>,
    pub mirror: Mirror,
    /// The edits of the candidate's copy, `{session}` filled in.
    pub rewrite: Rewrite,
    pub rules: Rules,
    pub redactor: Arc<Redactor>,
    /// For the candidate's whole answer.
    pub timeout: Duration,
}

/// One generation of the config, with the overrides laid over.
#[derive(Debug)]
pub struct Policy {
    pub(super) candidate: bool,
    pub(super) general: Arc<Plan>,
    pub(super) routes: Vec<(Matcher, Arc<Plan>)>,
}

impl Policy {
    /// Resolves a config with what people have switched beside it, and the most that the ramp
    /// allows at the moment.
    pub fn new(
        config: &Config,
        controls: Controls,
        most: Option<Percent>,
        constants: &Constants,
    ) -> Self {
        let redactor = Arc::new(Redactor::new(&config.redact, constants.key));
        let timeout = config.candidate.as_ref().map_or(Duration::ZERO, |target| target.timeout);
        let plan = |name: Option<&String>, parts: Parts<'_>| {
            Arc::new(Plan {
                name: name.map(|name| Arc::from(name.as_str())),
                mirror: overridden(parts.mirror, controls, most),
                rewrite: filled(parts.rewrite, &constants.session),
                rules: Rules::new(parts.compare),
                redactor: redactor.clone(),
                timeout,
            })
        };
        let Isolation { request: rewrite, .. } = &config.isolation;
        let routes = config.routes.iter().map(|route| {
            let parts =
                Parts { mirror: &route.mirror, rewrite: &route.rewrite, compare: &route.compare };
            (route.matcher.clone(), plan(route.name.as_ref(), parts))
        });
        let general = Parts { mirror: &config.mirror, rewrite, compare: &config.compare };
        Self {
            candidate: config.candidate.is_some(),
            routes: routes.collect(),
            general: plan(None, general),
        }
    }

    /// The plan for a request: the first route that matches, or the general one.
    pub fn plan(&self, method: &Method, path: &str) -> &Arc<Plan> {
        let route = self.routes.iter().find(|(matcher, _)| matcher.matches(method, path));
        route.map_or(&self.general, |(_, plan)| plan)
    }

    /// What the rules of all routes are called; a general one comes once for each route.
    pub fn rule_names(&self) -> impl Iterator<Item = &Name> {
        let routes = self.routes.iter().map(|(_, plan)| plan);
        routes.chain([&self.general]).flat_map(|plan| plan.rules.names())
    }

    /// The settings that hold for all routes: queue, memory, concurrency and rate.
    pub fn limits(&self) -> &Mirror {
        &self.general.mirror
    }
}

struct Parts<'a> {
    mirror: &'a Mirror,
    rewrite: &'a Rewrite,
    compare: &'a Compare,
}

/// What people have switched wins over the ramp, and the ramp over the config.
fn overridden(mirror: &Mirror, controls: Controls, most: Option<Percent>) -> Mirror {
    let mut mirror = mirror.clone();
    let sample = mirror.sample;
    mirror.enabled = controls.enabled.unwrap_or(mirror.enabled);
    mirror.sample = controls.sample.unwrap_or_else(|| most.map_or(sample, |most| most.min(sample)));
    mirror
}

/// The rules with `{session}` replaced in what they set.
fn filled(rewrite: &Rewrite, session: &str) -> Rewrite {
    let mut rewrite = rewrite.clone();
    for (_, value) in &mut rewrite.set {
        let text = value.to_str().map(|text| text.replace("{session}", session));
        if let Some(filled) = text.ok().and_then(|text| HeaderValue::try_from(text).ok()) {
            *value = filled;
        }
    }
    rewrite
}
