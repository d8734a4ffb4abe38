//! All systems around the implementation, on one kernel: over sockets, or in process as one network.
//!
//! The landscape knows who is there and where; what the systems do is theirs, and what happens is the harness's.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use counterproof_contracts::model::System;
use tower::ServiceExt as _;

use crate::{
    carrier::Carrier,
    channel::{Channel, Pos},
    customer_service::CustomerService,
    erp::Erp,
    kernel::{Clock, Core, Kernel, ListenError, Listening, Network, NetworkError, Simulator},
    psp::Psp,
    stored_value::StoredValue,
    tax::TaxEngine,
    wms::Wms,
    world::World,
};

/// The systems around the implementation.
#[derive(Clone)]
pub struct Landscape {
    /// Books.
    pub erp: Simulator<Erp>,
    /// Warehouses.
    pub wms: Simulator<Wms>,
    /// Payment provider.
    pub psp: Simulator<Psp>,
    /// Parcel carrier.
    pub carrier: Simulator<Carrier>,
    /// Tax engine.
    pub tax: Simulator<TaxEngine>,
    /// Web shop, mobile, social.
    pub storefront: Simulator<Channel>,
    /// Marketplace.
    pub marketplace: Simulator<Channel>,
    /// Stores.
    pub pos: Simulator<Pos>,
    /// Customer service.
    pub customer_service: Simulator<CustomerService>,
    /// Gift cards and store credit.
    pub stored_value: Simulator<StoredValue>,
    refusing: Arc<Mutex<BTreeSet<System>>>,
}

/// A landscape that can be reached over sockets. Dropping it ends all connections at once.
pub struct Served {
    clock: Clock,
    systems: Vec<(System, Listening)>,
}

impl Landscape {
    /// The systems of a world, with empty books.
    pub fn new(kernel: &Kernel, world: &Arc<World>) -> Self {
        Self {
            erp: Simulator::new(kernel.clone(), Erp::new(world)),
            wms: Simulator::new(kernel.clone(), Wms::new(Arc::clone(world))),
            psp: Simulator::new(kernel.clone(), Psp::new()),
            carrier: Simulator::new(kernel.clone(), Carrier::new()),
            tax: Simulator::new(kernel.clone(), TaxEngine::new(Arc::clone(world))),
            storefront: Simulator::new(kernel.clone(), Channel::new(System::Storefront)),
            marketplace: Simulator::new(kernel.clone(), Channel::new(System::Marketplace)),
            pos: Simulator::new(kernel.clone(), Pos::new()),
            customer_service: Simulator::new(kernel.clone(), CustomerService::new()),
            stored_value: Simulator::new(kernel.clone(), StoredValue::new()),
            refusing: Arc::default(),
        }
    }

    /// Each system as a network of one host, for callers in the same process.
    pub fn services(&self) -> BTreeMap<System, Network> {
        System::PARTNERS.into_iter().filter_map(|system| Some((system, self.service(system)?))).collect()
    }

    /// The landscape as one network, in process: requests go to the host in [`base_url`](Self::base_url), and
    /// to anybody else they are refused.
    pub fn network(&self) -> Network {
        let hosts: BTreeMap<String, (System, Network)> =
            self.services().into_iter().map(|(system, service)| (host(system), (system, service))).collect();
        let (hosts, landscape) = (Arc::new(hosts), self.clone());
        Network::new(tower::service_fn(move |request: http::Request<bytes::Bytes>| {
            let found = request.uri().host().and_then(|host| hosts.get(host)).cloned();
            let found = found.filter(|(system, _)| !landscape.refuses(*system));
            async move {
                match found {
                    Some((_, network)) => network.oneshot(request).await,
                    None => Err(NetworkError::Refused(format!("nobody is at {}", request.uri()))),
                }
            }
        }))
    }

    /// In process, a system refuses every connection, or takes them again. Over sockets it is [`Served::refuse`].
    pub fn refuse(&self, system: System, refuses: bool) {
        let mut refusing = self.refusing.lock().unwrap_or_else(PoisonError::into_inner);
        if refuses {
            refusing.insert(system)
        } else {
            refusing.remove(&system)
        };
    }

    fn refuses(&self, system: System) -> bool {
        self.refusing.lock().unwrap_or_else(PoisonError::into_inner).contains(&system)
    }

    /// Where a system is in the landscape's [`network`](Self::network).
    pub fn base_url(system: System) -> String {
        format!("http://{}", host(system))
    }

    /// Who is at a host of the landscape's [`network`](Self::network).
    pub fn system_at(name: &str) -> Option<System> {
        System::PARTNERS.into_iter().find(|system| host(*system) == name)
    }

    /// Restores a system to how it was `ms` milliseconds ago, see [`Simulator::restore`]. How many effects it lost.
    pub fn restore(&self, system: System, scenario: &str, fault: &str, ms: u64) -> usize {
        match system {
            System::Erp => self.erp.restore(scenario, fault, ms),
            System::Wms => self.wms.restore(scenario, fault, ms),
            System::Psp => self.psp.restore(scenario, fault, ms),
            System::Carrier => self.carrier.restore(scenario, fault, ms),
            System::Tax => self.tax.restore(scenario, fault, ms),
            System::Storefront => self.storefront.restore(scenario, fault, ms),
            System::Marketplace => self.marketplace.restore(scenario, fault, ms),
            System::Pos => self.pos.restore(scenario, fault, ms),
            System::CustomerService => self.customer_service.restore(scenario, fault, ms),
            System::StoredValue => self.stored_value.restore(scenario, fault, ms),
            System::Middleware => 0,
        }
    }

    /// Serves each system on a port of its own: `base_port` and the ports after it in the order of
    /// [`System::PARTNERS`], or any free ones. Without `host` on loopback; any other host is what the user allowed.
    ///
    /// # Errors
    /// [`ListenError`] of the first system that cannot be reached; the others are closed again.
    pub async fn listen(&self, host: Option<IpAddr>, base_port: Option<u16>) -> Result<Served, ListenError> {
        self.listen_only(&System::PARTNERS, host, base_port).await
    }

    /// As [`listen`](Self::listen), for some systems; a system keeps its port when others are left out.
    ///
    /// # Errors
    /// As [`listen`](Self::listen).
    pub async fn listen_only(
        &self,
        only: &[System],
        host: Option<IpAddr>,
        base_port: Option<u16>,
    ) -> Result<Served, ListenError> {
        let ip = host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let mut systems = Vec::new();
        let wanted = System::PARTNERS.into_iter().enumerate().filter(|(_, system)| only.contains(system));
        for (index, system) in wanted {
            let address = SocketAddr::new(ip, port(base_port, index, system, ip)?);
            if let Some(listening) = self.listen_one(system, address).await? {
                systems.push((system, listening));
            }
        }
        Ok(Served { clock: *self.erp.kernel().clock(), systems })
    }

    fn service(&self, system: System) -> Option<Network> {
        Some(match system {
            System::Erp => self.erp.network(),
            System::Wms => self.wms.network(),
            System::Psp => self.psp.network(),
            System::Carrier => self.carrier.network(),
            System::Tax => self.tax.network(),
            System::Storefront => self.storefront.network(),
            System::Marketplace => self.marketplace.network(),
            System::Pos => self.pos.network(),
            System::CustomerService => self.customer_service.network(),
            System::StoredValue => self.stored_value.network(),
            System::Middleware => return None,
        })
    }

    async fn listen_one(
        &self,
        system: System,
        address: SocketAddr,
    ) -> Result<Option<Listening>, ListenError> {
        Ok(Some(match system {
            System::Erp => listen(&self.erp, address).await?,
            System::Wms => listen(&self.wms, address).await?,
            System::Psp => listen(&self.psp, address).await?,
            System::Carrier => listen(&self.carrier, address).await?,
            System::Tax => listen(&self.tax, address).await?,
            System::Storefront => listen(&self.storefront, address).await?,
            System::Marketplace => listen(&self.marketplace, address).await?,
            System::Pos => listen(&self.pos, address).await?,
            System::CustomerService => listen(&self.customer_service, address).await?,
            System::StoredValue => listen(&self.stored_value, address).await?,
            System::Middleware => return Ok(None),
        }))
    }
}

impl Served {
    /// Where each system can be reached.
    pub fn addresses(&self) -> BTreeMap<System, SocketAddr> {
        self.systems.iter().map(|(system, listening)| (*system, listening.address())).collect()
    }

    /// A system refuses every connection and ends those that are open, or takes them again; on the same port.
    ///
    /// # Errors
    /// If another process took the port in between.
    pub async fn refuse(&self, system: System, refuses: bool) -> io::Result<()> {
        match self.systems.iter().find(|(served, _)| *served == system) {
            Some((_, listening)) => listening.refuse(refuses).await,
            None => Err(io::Error::other(format!("the {} is not served", system.title()))),
        }
    }

    /// Lets requests that are under way finish for a while, and ends.
    pub async fn shutdown(self) {
        let clock = self.clock;
        let stops = self.systems.into_iter().map(|(_, listening)| listening.stop(&clock));
        futures::future::join_all(stops).await;
    }
}

async fn listen<C: Core>(simulator: &Simulator<C>, address: SocketAddr) -> Result<Listening, ListenError> {
    simulator.listen_anywhere(address).await
}

fn host(system: System) -> String {
    format!("{}.internal", system.name().replace('_', "-"))
}

fn port(base_port: Option<u16>, index: usize, system: System, ip: IpAddr) -> Result<u16, ListenError> {
    let Some(base) = base_port else { return Ok(0) };
    u16::try_from(index).ok().and_then(|index| base.checked_add(index)).ok_or_else(|| {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "there is no port above 65535");
        ListenError::Io { system, address: SocketAddr::new(ip, base), source }
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use std::collections::BTreeSet;

    use bytes::Bytes;
    use counterproof_contracts::{
        journal::Record,
        protocol::{Tokens, signature::Secret},
    };
    use http::Request;

    use super::*;
    use crate::kernel::{DeliveryPolicy, KernelParts, Recorder};

    fn landscape() -> Landscape {
        let clock = Clock::live();
        let kernel = Kernel::new(KernelParts {
            clock,
            network: Network::new(tower::service_fn(|_| async {
                Err(NetworkError::Refused("nobody".to_owned()))
            })),
            recorder: Recorder::new(clock, Box::new(|_: &Record| {})),
            secret: Secret::parse("whsec_c2VjcmV0").unwrap(),
            tokens: Tokens::default(),
            policy: DeliveryPolicy::default(),
        });
        Landscape::new(&kernel, &World::embedded().unwrap())
    }

    #[tokio::test]
    async fn every_system_answers_at_its_own_address_in_process() {
        let landscape = landscape();
        let network = landscape.network();
        for system in System::PARTNERS {
            let uri = format!("{}/v1/nothing", Landscape::base_url(system));
            let request = Request::builder().uri(uri).body(Bytes::new()).unwrap();
            let response = network.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), 404);
            let text = String::from_utf8(response.body().to_vec()).unwrap();
            assert!(text.contains(&format!("the {} has no GET /v1/nothing", system.title())), "{text}");
        }
        landscape.refuse(System::Erp, true);
        let ask = |system| {
            let uri = format!("{}/v1/nothing", Landscape::base_url(system));
            network.clone().oneshot(Request::builder().uri(uri).body(Bytes::new()).unwrap())
        };
        assert!(ask(System::Erp).await.unwrap_err().proves_no_effect());
        assert!(ask(System::Psp).await.is_ok());
        landscape.refuse(System::Erp, false);
        assert!(ask(System::Erp).await.is_ok());
        let elsewhere = Request::builder().uri("http://example.org/").body(Bytes::new()).unwrap();
        let refused = network.oneshot(elsewhere).await.unwrap_err();
        assert!(refused.proves_no_effect(), "{refused}");
    }

    #[tokio::test]
    async fn every_system_listens_on_a_port_of_its_own() {
        let landscape = landscape();
        let served = landscape.listen(None, None).await.unwrap();
        let addresses = served.addresses();
        let ports: BTreeSet<u16> = addresses.values().map(SocketAddr::port).collect();
        assert_eq!((addresses.len(), ports.len()), (10, 10));
        assert!(addresses.values().all(|address| address.ip().is_loopback()));
        let beyond = landscape.listen(None, Some(65_530)).await.err().unwrap().to_string();
        assert!(beyond.contains("65530") || beyond.contains("in use"), "{beyond}");
        served.shutdown().await;
    }
}
