//! Logarithm and exponential from additions and multiplications alone, so that a pack built
//! anywhere has the same bytes; the platform's own may differ in the last bit.

/// The natural logarithm of a positive, finite number; exact to about 1e-15.
pub(super) fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) & 0x7ff) as i64 - 1023;
    let mut mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    if mantissa > core::f64::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    // ln m = 2 artanh((m − 1) / (m + 1)), of which the argument is below 0.172.
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let square = t * t;
    let mut sum = 0.0;
    for term in (0..14).rev() {
        sum = sum * square + 1.0 / f64::from(2 * term + 1);
    }
    2.0 * t * sum + exponent as f64 * core::f64::consts::LN_2
}

/// e to the power of x; 0 below −700, and no more than e^700.
pub(super) fn exp(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    let x = x.min(700.0);
    let whole = (x / core::f64::consts::LN_2).round_ties_even();
    let rest = x - whole * core::f64::consts::LN_2;
    let mut sum = 1.0;
    for term in (1..20).rev() {
        sum = 1.0 + sum * rest / f64::from(term);
    }
    sum * f64::from_bits(((whole as i64 + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_platform_to_twelve_digits() {
        for step in 1..2000 {
            let x = f64::from(step) * 0.37;
            assert!(
                (ln(x) - x.ln()).abs() < 1e-12 * x.ln().abs().max(1.0),
                "{x}"
            );
            let y = x - 370.0;
            assert!((exp(y) / y.exp() - 1.0).abs() < 1e-12, "{y}");
        }
    }
}
