//! Who asks, and in which roles.

use std::fmt;

/// What a caller may be, by its wire name without the prefix `ROLE_`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A resident, who sees only what is theirs.
    Individual,
    /// An officer at a counter.
    RegistrationOfficer,
    /// The supervisor of a center.
    RegistrationSupervisor,
    /// The administrator of a center.
    RegistrationAdmin,
    /// The administrator of pre-registration as a whole.
    PreRegistrationAdmin,
    /// Central's registration processor, which tells what was consumed.
    RegistrationProcessor,
    /// A program at a counter that asks for filled forms; our own, central does not know it.
    Counter,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::Individual,
        Self::RegistrationOfficer,
        Self::RegistrationSupervisor,
        Self::RegistrationAdmin,
        Self::PreRegistrationAdmin,
        Self::RegistrationProcessor,
        Self::Counter,
    ];

    /// Returns its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Individual => "INDIVIDUAL",
            Self::RegistrationOfficer => "REGISTRATION_OFFICER",
            Self::RegistrationSupervisor => "REGISTRATION_SUPERVISOR",
            Self::RegistrationAdmin => "REGISTRATION_ADMIN",
            Self::PreRegistrationAdmin => "PRE_REGISTRATION_ADMIN",
            Self::RegistrationProcessor => "REGISTRATION_PROCESSOR",
            Self::Counter => "COUNTER",
        }
    }

    /// Returns the role of that name, with or without `ROLE_` before it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.strip_prefix("ROLE_").unwrap_or(name);
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of roles.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Roles(u8);

impl Roles {
    /// No role at all.
    pub const NONE: Self = Self(0);

    /// Returns the set of `roles`.
    #[must_use]
    pub fn of(roles: &[Role]) -> Self {
        roles.iter().copied().collect()
    }

    /// Returns the roles that `text` names, parted by commas; names it does not know are left out.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.split(',').filter_map(|name| Role::named(name.trim())).collect()
    }

    /// Tells whether `role` is among them.
    #[must_use]
    pub fn has(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// Tells whether the two sets share a role.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Tells whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the roles one by one.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().fold(0, |bits, role| bits | role.bit()))
    }
}

/// Spells the set as [`Roles::parse`] reads it.
impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, role) in self.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{}", role.name())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roles({self})")
    }
}

/// Who asks.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user id as typed at login: for a resident a phone number or e-mail address.
    pub user: String,
    /// What they may be.
    pub roles: Roles,
}

impl Caller {
    /// Tells whether only their own applications concern them (`contract/rules.md` §3).
    #[must_use]
    pub fn is_individual(&self) -> bool {
        self.roles.has(Role::Individual)
    }
}

/// Leaves the user out: it is a resident's phone number as often as not (I8).
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Caller(.., {})", self.roles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_found_by_its_name_and_none_by_another() {
        for role in Role::ALL {
            assert_eq!(Role::named(role.name()), Some(role));
            assert_eq!(Role::named(&format!("ROLE_{}", role.name())), Some(role));
        }
        for name in ["", "individual", "REGISTRATION_ ADMIN", "ROLE_ROLE_COUNTER"] {
            assert_eq!(Role::named(name), None, "{name}");
        }
    }

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let roles = Roles::parse("REGISTRATION_OFFICER, PRE_REGISTRATION_ADMIN,SOMETHING_ELSE");
        assert!(roles.has(Role::RegistrationOfficer) && roles.has(Role::PreRegistrationAdmin));
        assert_eq!(roles.iter().count(), 2);
        assert!(roles.meets(Roles::of(&[Role::PreRegistrationAdmin, Role::Counter])));
        assert!(!roles.meets(Roles::of(&[Role::Individual])));
        assert_eq!(roles.to_string(), "REGISTRATION_OFFICER,PRE_REGISTRATION_ADMIN");
        assert_eq!(Roles::of(&Role::ALL).iter().count(), 7);
    }

    /// I8
    #[test]
    fn a_debug_print_of_a_caller_does_not_name_them() {
        let caller = Caller { user: "8907654778".into(), roles: Roles::of(&[Role::Individual]) };
        assert_eq!(format!("{caller:?}"), "Caller(.., INDIVIDUAL)");
        assert!(caller.is_individual());
    }
}
