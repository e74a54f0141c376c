extension Double {
    /// The number of at most four decimals that lies within `distance`, or else this one: a number of pixels that was written
    /// as a share of a side, or as the sum of two others, comes back to the digits that it had.
    package func pixelDigits(within distance: Double) -> Double {
        let near = (self * 1e4).rounded() / 1e4
        return abs(self - near) <= distance ? near : self
    }
}
